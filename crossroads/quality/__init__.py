"""What connectors claim of themselves in `quality.yaml`, and whether the claims that a program can check are true."""

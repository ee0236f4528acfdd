"""What a connector or mapping author tests with: the contract, the laws, and failures on command."""

"""Start Airflow and the stand-ins on one machine, and end them again: for a first look and development."""

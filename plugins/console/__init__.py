"""The console: what people see of the store, in Airflow's navigation and behind its login."""

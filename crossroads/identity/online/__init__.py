"""Who is one person, kept current in the store record by record: a function of the records, the model and what people assert."""

from crossroads.identity.online import models
from crossroads.identity.online.register import Register

__all__ = ["Register", "models"]

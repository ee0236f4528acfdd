"""What means what: mapping files as lenses between a system's records and canonical documents."""

from crossroads.mapping.compile import compiled, load
from crossroads.mapping.files import folder
from crossroads.mapping.lens import Lens
from crossroads.mapping.lines import Notice, Patch, Reference

__all__ = ["Lens", "Notice", "Patch", "Reference", "compiled", "folder", "load"]

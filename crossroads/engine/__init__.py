"""The sync engine: pull, match, settle, push, report. Every step may be killed and run again."""

from crossroads.engine.match import match
from crossroads.engine.pull import pull
from crossroads.engine.push import push
from crossroads.engine.report import RunFailed, report
from crossroads.engine.run import begin
from crossroads.engine.workspace import System, Workspace

__all__ = ["RunFailed", "System", "Workspace", "begin", "match", "pull", "push", "report"]

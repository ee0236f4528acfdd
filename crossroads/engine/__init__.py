"""The sync engine: pull, match, settle, push, report. Every step may be killed and run again."""

from crossroads.engine.match import match
from crossroads.engine.pull import pull
from crossroads.engine.push import push
from crossroads.engine.reconcile import Disagree, reconcile, reconciled
from crossroads.engine.report import RunFailed, report
from crossroads.engine.run import begin
from crossroads.engine.workspace import System, Workspace

__all__ = [
    "Disagree",
    "RunFailed",
    "System",
    "Workspace",
    "begin",
    "match",
    "pull",
    "push",
    "reconcile",
    "reconciled",
    "report",
]

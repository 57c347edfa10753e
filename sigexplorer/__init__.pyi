from sigexplorer.testing import SignalsMixin as SignalsMixin
from sigexplorer.testing import Traced as Traced
from sigexplorer.testing import assert_connected as assert_connected
from sigexplorer.testing import inject as inject
from sigexplorer.testing import mute as mute
from sigexplorer.testing import only as only
from sigexplorer.testing import trace as trace

__version__: str
VERSION: str

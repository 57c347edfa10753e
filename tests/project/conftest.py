"""One Django for every test of the process: the bundled project, started in it."""

import pytest

from sigexplorer.playground import runs

pytest.register_assert_rewrite("specimens")

# Now, because the tests import its models; whoever comes second finds it running.
with runs.open_playground(listen=True):
    pass

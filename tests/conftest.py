import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # `laws.py` is shared by the tests of all topics

from browsing import chromium, page  # noqa: F401 (fixtures of all tests)
from explorer_runs import opened, page_of_file, trajectory_of  # noqa: F401

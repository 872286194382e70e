import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))  # `filming.py` is shared by the tests of all scenes

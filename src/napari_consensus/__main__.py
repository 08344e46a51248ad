"""`python -m napari_consensus`: the command where only python.exe may be started."""

from __future__ import annotations

from napari_consensus.cli import main

if __name__ == "__main__":
    raise SystemExit(main())

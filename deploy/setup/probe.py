"""Says whether the interpreter that runs it can build and run nacre.

The last line is "ok <executable>" or the reason why not. Any Python
may be asked, so this file keeps to what Python 2 can parse.
"""

import os
import platform
import sys
import sysconfig

NEEDED = (3, 13)
MODULES = ("ssl", "sqlite3", "lzma", "venv", "ensurepip")


def missing_modules():
    missing = []
    for name in MODULES:
        try:
            __import__(name)
        except Exception:  # a broken library shows as more than ImportError
            missing.append(name)
    return missing


def has_headers():
    folders = [sysconfig.get_path(name) for name in ("include", "platinclude")]
    return any(f and os.path.isfile(os.path.join(f, "Python.h")) for f in folders)


def verdict():
    if tuple(sys.version_info[:2]) < NEEDED:
        return "is %s, needs %d.%d or newer" % (platform.python_version(), NEEDED[0], NEEDED[1])
    if platform.python_implementation() != "CPython":
        return "is %s, needs CPython" % platform.python_implementation()
    if sysconfig.get_config_var("Py_GIL_DISABLED"):
        return "is a free-threaded build, for which no dependency is locked"
    missing = missing_modules()
    if missing:
        return "cannot import " + ", ".join(missing)
    if not has_headers():
        return "has no headers (Python.h) in " + str(sysconfig.get_path("include"))
    # The base interpreter: a virtual environment's own may be deleted with it.
    return "ok " + os.path.realpath(getattr(sys, "_base_executable", sys.executable))


if __name__ == "__main__":
    print(verdict())

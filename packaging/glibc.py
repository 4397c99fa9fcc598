"""Says which glibc a program for Linux needs, and refuses one that is newer than a limit.

    glibc.py PROGRAM|WHEEL LIMIT

Versions of symbols are texts in the program: GLIBC_2.17 and the like. One without them is linked statically.
"""
import re
import sys
import zipfile


def programs(path):
    if not path.endswith(".whl"):
        with open(path, "rb") as file:
            return [(path, file.read())]
    with zipfile.ZipFile(path) as wheel:
        return [(name, wheel.read(name)) for name in wheel.namelist() if "/scripts/" in name]


def newest(program):
    found = re.findall(rb"GLIBC_([0-9]+(?:\.[0-9]+)+)\0", program)
    return max((tuple(map(int, version.split(b"."))) for version in found), default=None)


def main(path, limit):
    found = programs(path)
    if not found or any(not program.startswith(b"\x7fELF") for _, program in found):
        sys.exit(f"{path}: no program for Linux")
    for name, program in found:
        needed = newest(program)
        shown = "no glibc" if needed is None else "glibc " + ".".join(map(str, needed))
        if needed is not None and needed > tuple(map(int, limit.split("."))):
            sys.exit(f"{name}: needs {shown}, newer than {limit}")
        print(f"{name}: needs {shown}")


if __name__ == "__main__":
    main(*sys.argv[1:])

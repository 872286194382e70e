"""Films on many machines: recipes become trajectories, these become sections, and sections become films.

    .venv/bin/snakemake --cores 2                                     # all films, in dark, 1080p60, mp4
    .venv/bin/snakemake --cores 2 --configfile profiles/example.yaml  # a set of your own
    .venv/bin/snakemake --workflow-profile profiles/slurm             # each job one of SLURM's

What there is to make is asked of `python -m scenes plan`, once, by the process that is started by hand; the jobs,
which read this file again on their nodes, find its answer under `.snakemake/plans`. The names of all that lies
between carry hashes of what it is made from, and only names and times decide what is made again. See
docs/cluster.md.

No input is `ancient`, though the names would allow it: where such a file is left half-made by a kill, Snakemake
(9.15 and 9.27 alike) makes it again, says that all is done, and leaves out what should come after it.
"""

import hashlib
import json
import re
import subprocess
import sys
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.0")

PYTHON = sys.executable
DEVICE = config.get("device", "cpu")
# Measured, with room; see docs/cluster.md. By quality: MB, and minutes for a section of the longest film.
MEMORY = {"l": 1000, "m": 1500, "h": 2500, "k": 6000}
MINUTES = {"l": 10, "m": 20, "h": 30, "k": 120}


def asked_plan():
    """All files and what they are made from, as `scenes.workflow` lists them."""
    wishes = json.dumps(config, sort_keys=True)
    kept = Path(".snakemake/plans") / f"{hashlib.sha256(wishes.encode()).hexdigest()[:16]}.json"
    if workflow.is_main_process:
        command = [PYTHON, "-m", "scenes", "plan", str(kept)]
        asked = subprocess.run(command, input=wishes, text=True, stdout=sys.stderr, stderr=subprocess.PIPE)
        if asked.returncode:
            raise WorkflowError(asked.stderr.strip())
    return json.loads(kept.read_text(encoding="utf-8"))


PLAN = asked_plan()
MEDIA = PLAN["media"]
RUNS = f"{MEDIA}/trajectories/{{name}}-{{key}}.npz"
PARTS = f"{MEDIA}/parts/{{film}}/{{sections}}-{{key}}.json"
FILMS = f"{MEDIA}/videos/{{film}}.{{format}}"
# A run that is called like a training is computed by that rule, which does it no harm.
TRAININGS = {Path(path).stem[:-17] for path, run in PLAN["runs"].items() if run["trains"]}
NETWORKS = "|".join(map(re.escape, sorted(TRAININGS))) or "(?!)"


def of(kind, pattern, entry):
    """A function that looks up what the plan says of the file that a rule is to make."""
    return lambda wildcards: PLAN[kind][pattern.format(**wildcards)][entry]


def recipe(wildcards):
    """The parameters of a run, for `compute`."""
    return json.dumps(of("runs", RUNS, "recipe")(wildcards))


def per_quality(table):
    """So much of a resource as a section's quality needs, and more of it at each new attempt."""
    return lambda wildcards, attempt: attempt * table[of("parts", PARTS, "quality")(wildcards)]


wildcard_constraints:
    key="[0-9a-f]{16}",
    format="mp4|webm|gif",


localrules:
    films,
    runs,


rule films:
    """Everything."""
    default_target: True
    input:
        list(PLAN["films"]),


rule runs:
    """What is computed and trained, and nothing drawn."""
    input:
        list(PLAN["runs"]),


rule train:
    """A network; its state lies beside it while it is trained, so that a killed training goes on."""
    output:
        RUNS,
    wildcard_constraints:
        name=NETWORKS,
    log:
        f"{MEDIA}/logs/trajectories/{{name}}-{{key}}.log",
    params:
        recipe=recipe,
    threads: of("runs", RUNS, "threads")
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=lambda wildcards, attempt: 20 * attempt,
        gpu=0 if DEVICE == "cpu" else 1,
    shell:
        "{PYTHON:q} -m diffusion_core compute {params.recipe:q} --folder={MEDIA:q}/trajectories"
        " --device={DEVICE:q} > {log:q} 2>&1"


rule run:
    """Any other run; of a sampler, along the network that is there by then."""
    input:
        of("runs", RUNS, "after"),
    output:
        RUNS,
    wildcard_constraints:
        name=f"(?!(?:{NETWORKS})-[0-9a-f]{{16}}\\.npz).+",
    log:
        f"{MEDIA}/logs/trajectories/{{name}}-{{key}}.log",
    params:
        recipe=recipe,
    threads: of("runs", RUNS, "threads")
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=lambda wildcards, attempt: 20 * attempt,
    shell:
        "{PYTHON:q} -m diffusion_core compute {params.recipe:q} --folder={MEDIA:q}/trajectories > {log:q} 2>&1"


rule section:
    """Neighbouring sections of a film: segments, and a note of which ones."""
    input:
        of("parts", PARTS, "after"),
    output:
        PARTS,
    log:
        f"{MEDIA}/logs/parts/{{film}}/{{sections}}-{{key}}.log",
    params:
        film=of("parts", PARTS, "arguments"),
        sections=of("parts", PARTS, "sections"),
    resources:
        mem_mb=per_quality(MEMORY),
        runtime=per_quality(MINUTES),
    shell:
        "{PYTHON:q} -m scenes section {params.film:q} -- {params.sections:q} > {log:q} 2>&1"


rule join:
    """A film, of the segments that were drawn; nothing is encoded, but for a GIF."""
    input:
        of("films", FILMS, "after"),
    output:
        FILMS,
    log:
        f"{MEDIA}/logs/videos/{{film}}.{{format}}.log",
    params:
        film=of("films", FILMS, "arguments"),
        shares=of("films", FILMS, "shares"),
    resources:
        mem_mb=lambda wildcards, attempt: 2000 * attempt,
        runtime=lambda wildcards, attempt: 15 * attempt,
    shell:
        "{PYTHON:q} -m scenes join {params.film:q} --shares {params.shares:q} > {log:q} 2>&1"

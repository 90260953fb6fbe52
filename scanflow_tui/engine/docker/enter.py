"""The docker command that puts a person where a step ran: same image, mounts, limits (pure).

Nothing is asked for less than the step has; the container is removed when the person leaves.
"""

from __future__ import annotations

import os
import shutil
import sys
from typing import Any

from scanflow_tui.contract.errors import Missing
from scanflow_tui.engine.docker.address import Address
from scanflow_tui.engine.docker.spec import Host, body
from scanflow_tui.engine.protocol import Spec

KEPT = ("PATH", "HOME", "DOCKER_CONFIG", "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR")


def command(spec: Spec, argv: tuple[str, ...], host: Host) -> tuple[str, ...]:
    """The words of the command. Raises Missing where there is no docker program."""
    program = shutil.which("docker")
    if program is None:
        raise Missing("the docker program is not installed", hint="It opens shells in containers.")
    is_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    return (program, "run", "--rm", "-it" if is_terminal else "-i", *options(spec, argv, host))


def options(spec: Spec, argv: tuple[str, ...], host: Host) -> tuple[str, ...]:
    """Every item of the container's body as an option, then image and command."""
    made = body(spec, host)
    config: dict[str, Any] = made["HostConfig"]
    found = [
        *("--init", "--read-only", "--cap-drop", "ALL", "--ipc", "private", "--no-healthcheck"),
        *("--user", made["User"], "--workdir", made["WorkingDir"]),
        *("--cpus", str(config["NanoCpus"] / 1e9), "--pids-limit", str(config["PidsLimit"])),
        *("--shm-size", str(config["ShmSize"]), "--entrypoint", argv[0]),
    ]
    found += [word for item in config["SecurityOpt"] for word in ("--security-opt", item)]
    found += [word for item in made["Env"] for word in ("--env", item)]
    found += [word for at, how in config["Tmpfs"].items() for word in ("--tmpfs", f"{at}:{how}")]
    found += [word for mount in config["Mounts"] for word in ("--mount", _mount(mount))]
    for item in config["Ulimits"]:
        found += ["--ulimit", f"{item['Name']}={item['Soft']}:{item['Hard']}"]
    if "Memory" in config:
        memory = str(config["Memory"])
        found += ["--memory", memory, "--memory-swap", memory]
    if made["NetworkDisabled"]:
        found += ["--network", "none"]
    for item in config.get("DeviceRequests", ()):
        ids = ",".join(item.get("DeviceIDs", ()))
        found += ["--gpus", f'"device={ids}"' if ids else str(item["Count"])]
    if host.userns:
        found += ["--userns", host.userns]
    return (*found, spec.image, *argv[1:])


def surroundings(address: Address) -> dict[str, str]:
    """The variables of the docker program itself, which lead it to the same engine."""
    found = {name: os.environ[name] for name in KEPT if name in os.environ}
    found["DOCKER_HOST"] = address.url
    if address.is_encrypted:
        found["DOCKER_TLS_VERIFY" if address.verify else "DOCKER_TLS"] = "1"
    if address.tls is not None:
        found["DOCKER_CERT_PATH"] = str(address.tls)
    return found


def _mount(mount: dict[str, Any]) -> str:
    words = [f"type=bind,source={mount['Source']},target={mount['Target']}"]
    return ",".join(words + ["readonly"] * bool(mount["ReadOnly"]))

"""One machine and its pods, as network namespaces, and the programs that run there: for enrolment, growth and kubernetes."""
import ctypes
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
HBONE = HERE.parent / "hbone"
PREFIX = "hbone-bench-"
NAME = f"{PREFIX}{os.getpid()}"
MACHINE = f"{NAME}-machine"
CLONE_NEWNET = 0x40000000
PATIENCE = 300
TOKEN = "token-of-the-node-of-this-machine"
SERVER = """
import socket
s = socket.create_server(("0.0.0.0", 8080), backlog=512)
while True:
    c, _ = s.accept()
    try: c.sendall(c.recv(16))
    except OSError: pass
    c.close()
"""
processes = []
folder = pathlib.Path(tempfile.mkdtemp(prefix=PREFIX))


class Pod:
    def __init__(self, number, kind):
        self.number, self.namespace, self.name = number, kind, f"{kind}-{number}"
        self.netns, self.enrolled = f"{NAME}-{number}", False
        self.ip = f"10.79.{number // 250}.{number % 250 + 1}"
        self.mac = f"02:4f:00:00:{number // 256:02x}:{number % 256:02x}"


def ip(lines, namespace=None):
    command = ["ip"] + (["-n", namespace] if namespace else []) + ["-batch", "-"]
    subprocess.run(command, input="\n".join(lines) + "\n", text=True, check=True, stdout=subprocess.DEVNULL)


def enter(namespace):
    """Takes this process, and what it starts from now on, inside."""
    with open(f"/run/netns/{namespace}") as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), CLONE_NEWNET) != 0:
            sys.exit(f"{namespace} could not be entered: {os.strerror(ctypes.get_errno())} (expected: root)")


def topology(pods, talkers):
    """The first of the pods is the server, which the others can reach; talkers are those that it can."""
    ip(["netns add " + MACHINE] + [f"netns add {pod.netns}" for pod in pods])
    ip(["link set lo up", "link add br0 type bridge forward_delay 0 stp_state 0 mcast_snooping 0",
        "addr add 10.79.255.1/16 dev br0", "link set br0 up"], MACHINE)
    ip([f"link add eth0 address {pod.mac} netns {pod.netns} type veth peer name p{pod.number} netns {MACHINE}" for pod in pods])
    # No link-local addresses, whose duplicate detection is flooded to every port.
    ip([f"link set p{pod.number} master br0 addrgenmode none up" for pod in pods], MACHINE)
    # Nor anything else: a flood to a thousand ports is more than a CPU's backlog holds, and the last ports never see it.
    ip([f"link set p{pod.number} type bridge_slave flood off mcast_flood off bcast_flood off" for pod in pods], MACHINE)
    known = "".join(f"fdb replace {pod.mac} dev p{pod.number} master static\n" for pod in pods)
    subprocess.run(["bridge", "-n", MACHINE, "-batch", "-"], input=known, text=True, check=True, stdout=subprocess.DEVNULL)
    server = pods[0]
    for pod in pods:
        ip(["link set lo up", "link set eth0 addrgenmode none up", f"addr add {pod.ip}/16 dev eth0",
            "route add default via 10.79.255.1"]
           + [f"neigh add {other.ip} lladdr {other.mac} dev eth0 nud permanent"
              for other in ([server] if pod is not server else talkers)], pod.netns)


def start(command, log, environment=None, **more):
    """What it says goes to the file log, but for what more says of its stdout."""
    out = open(log, "w")
    process = subprocess.Popen([str(c) for c in command], start_new_session=True, env={**os.environ, **(environment or {})},
                               **({"stdout": out, "stderr": out} | more))
    processes.append(process)
    return process


def stop(process):
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def remove():
    for process in reversed(processes):
        stop(process)
    remove_namespaces(NAME + "-")


def remove_namespaces(prefix):
    names = [f.name for f in pathlib.Path("/run/netns").glob(prefix + "*")]
    if names:
        subprocess.run(["ip", "-force", "-batch", "-"], input="".join(f"netns del {n}\n" for n in names), text=True)


def remove_leftovers():
    """A run that was killed could not."""
    for file in pathlib.Path("/run/netns").glob(PREFIX + "*"):
        owner = file.name[len(PREFIX):].split("-")[0]
        if not os.path.exists(f"/proc/{owner}"):
            remove_namespaces(f"{PREFIX}{owner}-")


def until(what, condition, processes=(), patience=PATIENCE, every=0.05):
    end = time.monotonic() + patience
    while True:
        if condition():
            return
        if any(p.poll() is not None for p in processes) or time.monotonic() > end:
            raise SystemExit(f"{what}: not within {patience} s, or a process has ended; its logs are in {folder}")
        time.sleep(every)


def get(port, path):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as answer:
            return answer.read()
    except OSError:
        return None


def needs(process):
    """Of the whole process."""
    proc = pathlib.Path(f"/proc/{process.pid}")
    status = (proc / "status").read_text()
    return {"rss_kib": int(re.search(r"VmRSS:\s+(\d+)", status)[1]), "fds": len(os.listdir(proc / "fd")),
            "threads": int(re.search(r"Threads:\s+(\d+)", status)[1])}


def cpu(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ca():
    """Starts the CA of the node, which has its token in the file token."""
    tokens = folder / "tokens"
    tokens.touch(0o600)
    tokens.write_text(TOKEN + " node impersonate spiffe://cluster.local/ns/*/sa/*\n")
    (folder / "token").write_text(TOKEN)
    process = start([HBONE, "ca", "--dir", folder / "ca", "--tokens", tokens, "--listen", "127.0.0.1:15012"], folder / "ca.log")
    until("the CA", lambda: "serves certificates" in (folder / "ca.log").read_text(), [process])


def start_node(command, log, zds, xds):
    """Starts a node, ours or stock. xds: the variables that say where its xDS server is."""
    variables = {"PROXY_MODE": "shared", "INPOD_UDS": str(zds), "CA_ADDRESS": "https://127.0.0.1:15012",
                 "ALT_CA_HOSTNAME": "localhost", "CA_ROOT_CA": str(folder / "ca" / "ca-cluster.local.crt"),
                 "AUTH_TOKEN": str(folder / "token"), "NODE_NAME": "machine", "CLUSTER_ID": "cluster1",
                 "ISTIO_META_DNS_CAPTURE": "false", "ZTUNNEL_WORKER_THREADS": "2", "RUST_LOG": "warn", **xds}
    return start(["sh", "-c", "exec " + command], log, variables)

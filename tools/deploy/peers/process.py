"""Programs that a case starts: each with a log, an end that is waited for, and a status that is looked at."""

import os
import pathlib
import signal
import subprocess
import time


class Failure(Exception):
    """What a case wanted and did not find."""


class Process:
    """A program that runs."""

    def __init__(self, name, words, folder):
        self.name, self.log = name, pathlib.Path(folder) / f"{name}.log"
        with open(self.log, "wb") as log:
            self.child = subprocess.Popen(
                [str(word) for word in words],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                start_new_session=True,
            )

    def text(self):
        return self.log.read_text(errors="replace")

    def wait_for(self, text, patience_s=10):
        """Waits until the program has said something."""
        until(lambda: text in self.text() or self.child.poll() is not None, patience_s)
        wanted(text in self.text(), f"{self.name}: wanted {text!r} in its output, found\n{self.tail()}")
        return self

    def ends(self, status=0, patience_s=30):
        """Waits until the program ends by itself, as it should."""
        try:
            code = self.child.wait(patience_s)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.name}: wanted its end within {patience_s} s\n{self.tail()}") from None
        wanted(code == status, f"{self.name}: wanted status {status}, found {code}\n{self.tail()}")
        return self

    def stop(self, status=0, patience_s=15):
        """Asks the program to end; any other status than the wanted one is a failure, if one is wanted."""
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGTERM)
        try:
            code = self.child.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise Failure(f"{self.name}: wanted its end within {patience_s} s of SIGTERM") from None
        if status is not None:
            wanted(code == status, f"{self.name}: wanted status {status}, found {code}\n{self.tail()}")

    def kill(self):
        """Ends the program and whatever it has started."""
        try:
            os.killpg(self.child.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.child.wait()

    def tail(self):
        """Returns the end of what it said, or, if it has a file for errors, that."""
        errors = self.log.with_suffix(".errors")
        text = errors.read_text(errors="replace") if errors.exists() else self.text()
        return "\n".join(f"    {line}" for line in text.splitlines()[-15:])


def wanted(holds, otherwise):
    if not holds:
        raise Failure(otherwise)


def equal(what, found, expected):
    wanted(found == expected, f"{what}: wanted {expected}, found {found}")


def until(holds, patience_s=10):
    """Waits until something holds; tells whether it does."""
    end = time.monotonic() + patience_s
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def output(words, status=0, patience_s=30, with_errors=False):
    """Runs a program to its end and returns what it said."""
    words = [str(word) for word in words]
    errors = subprocess.STDOUT if with_errors else subprocess.PIPE
    done = subprocess.run(
        words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True, timeout=patience_s
    )
    found = f"{done.stdout}{done.stderr or ''}"
    wanted(status in (None, done.returncode), f"{words[0]}: wanted status {status}, found {done.returncode}\n{found}")
    return done.stdout

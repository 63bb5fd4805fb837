"""A case: its story, and all that runs while it is told."""

from appliance import Appliance
from process import Process


class Case:
    """A story with a title; it fails by raising."""

    def __init__(self, title, story, *arguments):
        self.title, self.story, self.arguments = title, story, arguments

    def __call__(self, folder):
        scene = Scene(folder)
        try:
            self.story(scene, *self.arguments)
            scene.end()
        finally:
            scene.kill()


class Scene:
    """What one case has started."""

    def __init__(self, folder):
        self.folder, self.node, self.processes = folder, None, []

    def appliance(self, records, **options):
        self.node = Appliance(self.folder, records, **options)
        return self.node

    def start(self, name, words):
        process = Process(name, words, self.folder)
        self.processes.append(process)
        return process

    def end(self):
        """The appliance ends in order; peers that serve are over when their case is."""
        if self.node:
            self.node.stop()

    def kill(self):
        for process in self.processes:
            process.kill()
        if self.node:
            self.node.kill()

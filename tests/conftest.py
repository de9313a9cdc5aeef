import signal

from hypothesis import settings

settings.register_profile("fastsoftq", deadline=None, derandomize=True)
settings.load_profile("fastsoftq")

# A shell without job control has what it starts in the background ignore Ctrl-C, and so would the tests' processes.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

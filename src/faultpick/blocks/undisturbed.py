"""What processes of this machine load as they start: Ctrl-C is for their parent, which ends them."""

import signal

signal.signal(signal.SIGINT, signal.SIG_IGN)

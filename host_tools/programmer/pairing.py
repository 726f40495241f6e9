"""Keys of a pump's own: given, replaced, and the way back when they are lost."""

from host_tools.programmer.client import Client
from host_tools.programmer.errors import BadValue, LinkLost, NoDevice, NotAuthorised, ProgrammerError, Refused
from host_tools.programmer.keystore import KeyRing, PumpKeys
from protocol.messages import KEY_BYTES


class Pairing(Client):
    """Changes device keys. A key is in the key file before it goes to the pump, and the old one until the pump proved
    to have the new one."""

    def pair(self) -> PumpKeys:
        """Give a pump that is opened by the test key one of its own; what the key file has of it then. Refused where it
        has one already."""
        hello = self.hello(anew=True)
        if self._checks and hello["key"] == "device" and self._store.of(hello["serial"]):
            raise Refused("PROVISION", "state", "the pump has a key of its own; `thecal keys rotate` replaces it")
        return self._replace_key()

    def rotate_key(self) -> PumpKeys:
        """Replace the pump's own key by a new one."""
        if self.hello(anew=True)["key"] == "test":
            raise Refused("PROVISION", "state", "the pump has no key of its own yet; `thecal pair` gives it one")
        return self._replace_key()

    def reset_key(self) -> int:
        """Ask a pump whose key is lost to go back to the test key. Seconds left to wait; 0 when it has."""
        left_s = self.ask("RESET_KEY")["left_s"]
        self._forget_hello()
        return left_s

    @property
    def _store(self) -> KeyRing:
        if self._keys is None:
            raise BadValue("this programmer has no key file; open it with keys=KeyStore.default()")
        return self._keys

    def _replace_key(self) -> PumpKeys:
        store, key = self._store, self._entropy(KEY_BYTES)
        serial, over_test_key = self.hello()["serial"], self.hello()["key"] == "test"
        lost_answer = None
        with self.session("manufacturing"):
            store.begin(serial, key, over_test_key)
            try:
                self._provision(key)
            except (LinkLost, NoDevice, NotAuthorised) as error:
                lost_answer = error
        self._forget_hello()
        try:
            with self.session("observer"):  # only a pump that has the key opens it; which one it has is then settled
                pass
        except ProgrammerError as error:
            raise _unsettled(lost_answer or error) from error
        known = store.of(serial)
        if known is None or known.key != key:
            raise lost_answer or NotAuthorised("PROVISION", "auth", "the pump still has the key that it had before")
        return known


def _unsettled(error: ProgrammerError) -> ProgrammerError:
    """Nobody knows which key the pump has."""
    return LinkLost(
        f"{error}; whether the pump took its new key is not known: both are kept, and the next verb that opens a "
        "session finds out"
    )

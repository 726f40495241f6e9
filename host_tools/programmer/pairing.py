"""Device keys of a pump: given, replaced, and reset when they are lost.

A key is in the key file before it goes to the pump, and the old one until the pump proved to have the new one.
"""

from host_tools.programmer.client import Client
from host_tools.programmer.errors import BadValue, LinkLost, NoDevice, NotAuthorised, ProgrammerError, Refused
from host_tools.programmer.keystore import KeyRing, PumpKeys
from protocol.messages import KEY_BYTES


def pair(client: Client) -> PumpKeys:
    """Give a pump that is opened by the test key one of its own."""
    hello = client.hello(anew=True)
    if client.checks and hello["key"] == "device" and _store_of(client).of(hello["serial"]):
        raise Refused("PROVISION", "state", "the pump has a key of its own; `thecal keys rotate` replaces it")
    return _replace_key(client)


def rotate_key(client: Client) -> PumpKeys:
    """Replace the pump's own key by a new one."""
    if client.hello(anew=True)["key"] == "test":
        raise Refused("PROVISION", "state", "the pump has no key of its own yet; `thecal pair` gives it one")
    return _replace_key(client)


def reset_key(client: Client) -> int:
    """Ask a pump whose key is lost to go back to the test key. Seconds left to wait; 0 when it has."""
    left_s = client.ask("RESET_KEY")["left_s"]
    client.forget_hello()
    return left_s


def _store_of(client: Client) -> KeyRing:
    if client.keys is None:
        raise BadValue("this programmer has no key file; open it with keys=KeyStore.default()")
    return client.keys


def _replace_key(client: Client) -> PumpKeys:
    store, key = _store_of(client), client.entropy(KEY_BYTES)
    serial, over_test_key = client.hello()["serial"], client.hello()["key"] == "test"
    lost_answer = None
    with client.session("manufacturing"):
        store.begin(serial, key, over_test_key)
        try:
            client.provision(key)
        except (LinkLost, NoDevice, NotAuthorised) as error:
            lost_answer = error
    client.forget_hello()
    try:
        with client.session("observer"):  # only a pump that has the key opens it; which one it has is then settled
            pass
    except ProgrammerError as error:
        raise _unsettled(lost_answer or error) from error
    known = store.of(serial)
    if known is None or known.key != key:
        raise lost_answer or NotAuthorised("PROVISION", "auth", "the pump still has the key that it had before")
    return known


def _unsettled(error: ProgrammerError) -> ProgrammerError:
    """The error for a pump of which nobody knows which key it has."""
    return LinkLost(
        f"{error}; whether the pump took its new key is not known: both are kept, and the next verb that opens a "
        "session finds out"
    )

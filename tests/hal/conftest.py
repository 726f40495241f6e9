"""A mock body with power, for tests of its drivers."""

import pytest

from hal.mock.body import MockBody
from hal.mock.recorder import Recorder
from hal.plant.plant import Plant


@pytest.fixture
def body():
    body = MockBody(Plant(), Recorder((8, 9)), fill_sensor=True)
    body.power.up()
    return body

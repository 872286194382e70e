import numpy as np
import pytest
from stills import key
from test_live_curve import assert_ordinary

from scenes import theme
from scenes.mobjects.caption import Caption, standing
from scenes.mobjects.words import words

TEXT = "The score $nabla log p(x)$ points uphill."
CENTER = (0.5, -3.35, 0.0)


def test_a_caption_is_centred_and_set_in_body_type():
    caption = Caption(TEXT, width=13.4, center=CENTER)
    np.testing.assert_allclose(caption.get_center(), CENTER, atol=1e-9)
    assert caption.width == pytest.approx(words(TEXT, theme.FONT_BODY).width)


def test_only_a_caption_too_wide_is_scaled_down():
    natural = Caption(TEXT, width=13.4, center=CENTER).width
    assert Caption(TEXT, width=natural + 0.01, center=CENTER).width == pytest.approx(natural)
    narrow = Caption(TEXT, width=natural / 2, center=CENTER)
    assert narrow.width == pytest.approx(natural / 2)
    np.testing.assert_allclose(narrow.get_center(), CENTER, atol=1e-9)


def test_a_caption_knows_what_it_says():
    assert Caption(TEXT, width=13.4, center=CENTER).plain == "The score ∇log p(x) points uphill."


def test_captions_are_ordinary_mobjects():
    assert_ordinary(Caption(TEXT, width=13.4, center=CENTER))


def test_each_caption_has_a_cache_key():
    keys = {key(Caption(text, width=13.4, center=CENTER)) for text in (TEXT, TEXT[:-1], "Another.")}
    assert len(keys) == 3


@pytest.mark.parametrize("text", ["ring", "mouth", "(x)", "$p(x)$", "0.5"])
def test_words_stand_on_the_line_they_are_given(text):
    written = standing(text)
    assert written.get_left()[0] == pytest.approx(0, abs=1e-9)
    together = words(f"x {text}")
    line = together[0].get_bottom()[1]
    assert written.get_bottom()[1] == pytest.approx(together[1:].get_bottom()[1] - line, abs=1e-6)
    assert written.width == pytest.approx(words(text).width, abs=0.02)

"""What python-pptx does not do: a deck in a film's shape and colours, and videos that start on a click."""

from __future__ import annotations

from typing import Final

from lxml import etree
from pptx import Presentation
from pptx.opc.constants import RELATIONSHIP_TYPE as RT
from pptx.oxml import parse_xml
from pptx.oxml.ns import nsdecls, qn
from pptx.presentation import Presentation as Deck
from pptx.shapes.picture import Movie
from pptx.slide import Slide
from pptx.util import Emu, Inches

from scenes.theme import Theme

WIDTH: Final = Inches(40 / 3)
"""Of a slide, as PowerPoint has it for 16:9."""

_SWAPPED: Final = {"bg1": "dk1", "tx1": "lt1", "bg2": "dk2", "tx2": "lt2"}
"""Light text on a dark background, in PowerPoint's names."""

_EFFECT: Final = """
<p:par><p:cTn id="{a}" fill="hold"><p:stCondLst><p:cond delay="{when}"/></p:stCondLst><p:childTnLst>
 <p:par><p:cTn id="{b}" fill="hold"><p:stCondLst><p:cond delay="0"/></p:stCondLst><p:childTnLst>
  <p:par><p:cTn id="{c}" presetID="{preset}" presetClass="mediacall" presetSubtype="0" fill="hold"
    nodeType="clickEffect"><p:stCondLst><p:cond delay="0"/></p:stCondLst><p:childTnLst>
   <p:cmd type="call" cmd="{command}"><p:cBhvr>
    <p:cTn id="{d}" dur="{duration}" fill="hold"/>{video}
   </p:cBhvr></p:cmd>
  </p:childTnLst></p:cTn></p:par>
 </p:childTnLst></p:cTn></p:par>
</p:childTnLst></p:cTn></p:par>
"""
_TIMING: Final = """
<p:timing {namespace}><p:tnLst><p:par>
 <p:cTn id="1" dur="indefinite" restart="never" nodeType="tmRoot"><p:childTnLst>
  <p:seq concurrent="1" nextAc="seek">
   <p:cTn id="2" dur="indefinite" nodeType="mainSeq"><p:childTnLst>{play}</p:childTnLst></p:cTn>
   <p:prevCondLst><p:cond evt="onPrev" delay="0"><p:tgtEl><p:sldTgt/></p:tgtEl></p:cond></p:prevCondLst>
   <p:nextCondLst><p:cond evt="onNext" delay="0"><p:tgtEl><p:sldTgt/></p:tgtEl></p:cond></p:nextCondLst>
  </p:seq>
  <p:video><p:cMediaNode>
   <p:cTn id="7" fill="hold" display="0"><p:stCondLst><p:cond delay="indefinite"/></p:stCondLst></p:cTn>{video}
  </p:cMediaNode></p:video>
  <p:seq concurrent="1" nextAc="seek">
   <p:cTn id="8" restart="whenNotActive" fill="hold" evtFilter="cancelBubble" nodeType="interactiveSeq">
    <p:stCondLst><p:cond evt="onClick" delay="0">{video}</p:cond></p:stCondLst>
    <p:endSync evt="end" delay="0"><p:rtn val="all"/></p:endSync>
    <p:childTnLst>{toggle}</p:childTnLst>
   </p:cTn>
   <p:nextCondLst><p:cond evt="onClick" delay="0">{video}</p:cond></p:nextCondLst>
  </p:seq>
 </p:childTnLst></p:cTn>
</p:par></p:tnLst></p:timing>
"""
"""What PowerPoint writes for a video that starts "in click sequence".

The next key or press of a clicker plays it (`mainSeq`), a click on the video itself plays or stops it
(`interactiveSeq`), and its last picture is held.
"""


def empty_deck(width: int, height: int, look: Theme) -> Deck:
    """A deck without slides, in the shape of a film (pixels) and its colours, for slides added by hand as well."""
    deck = Presentation()
    _forget_the_template(deck)
    _reshape(deck, WIDTH, Emu(round(WIDTH * height / width)))
    _recolour(deck, look)
    return deck


def play_on_click(slide: Slide, movie: Movie, seconds: float) -> None:
    """Let the next click play a slide's video, once, and leave its last picture there."""
    video = f'<p:tgtEl><p:spTgt spid="{movie.shape_id}"/></p:tgtEl>'
    play = _EFFECT.format(
        a=3, b=4, c=5, d=6, when="indefinite", preset=1, video=video,
        command="playFrom(0.0)", duration=round(1000 * seconds),
    )  # fmt: skip
    toggle = _EFFECT.format(
        a=9, b=10, c=11, d=12, when=0, preset=2, video=video, command="togglePause", duration=1
    )
    timing = _TIMING.format(namespace=nsdecls("p"), play=play, toggle=toggle, video=video)
    old = slide.element.find(qn("p:timing"))  # python-pptx's own, in which no click of the sequence plays it
    old.getparent().replace(old, parse_xml(timing))


def list_notes_master(deck: Deck) -> None:
    """Name the master of the speaker's notes where PowerPoint looks for it."""
    listed = parse_xml(
        f"<p:notesMasterIdLst {nsdecls('p', 'r')}>"
        f'<p:notesMasterId r:id="{deck.part.relate_to(deck.notes_master.part, RT.NOTES_MASTER)}"/>'
        "</p:notesMasterIdLst>"
    )
    deck.element.find(qn("p:sldMasterIdLst")).addnext(listed)


def _forget_the_template(deck: Deck) -> None:
    """Drop what python-pptx's template says of itself: a picture of its slide, another program, 4:3."""
    package = deck.part.package
    for relation in list(package.iter_rels()):
        if relation.reltype in (RT.EXTENDED_PROPERTIES, RT.THUMBNAIL):
            package.drop_rel(relation.rId)
        elif relation.reltype == RT.PRINTER_SETTINGS:
            deck.part.rels.pop(relation.rId)
    del deck.element.find(qn("p:sldSz")).attrib["type"]


def _reshape(deck: Deck, width: int, height: int) -> None:
    """Stretch the layouts from the template's 4:3."""
    across, down = width / deck.slide_width, height / deck.slide_height
    deck.slide_width, deck.slide_height = width, height
    for owner in (deck.slide_master, *deck.slide_layouts):
        for box in owner.element.iter(qn("a:xfrm")):
            for corner, names in ((qn("a:off"), ("x", "y")), (qn("a:ext"), ("cx", "cy"))):
                for name, factor in zip(names, (across, down), strict=True):
                    point = box.find(corner)
                    point.set(name, str(round(int(point.get(name)) * factor)))


def _recolour(deck: Deck, look: Theme) -> None:
    """Make the film's colours those of the deck: paper, ink, and one accent for each role."""
    master = deck.slide_master
    dark, light = sorted((look.paper, look.ink), key=lambda colour: int(colour[1:3], 16))
    colours = {"dk1": dark, "lt1": light, "dk2": dark, "lt2": light}
    accents = (look.exact, look.chance, look.particles, look.learned, look.mute, look.ramp[-2])
    colours |= {f"accent{number}": colour for number, colour in enumerate(accents, 1)}
    colours |= {"hlink": look.exact, "folHlink": look.mute}
    part = master.part.part_related_by(RT.THEME)
    theme = etree.fromstring(part.blob)
    scheme = theme.find(f".//{qn('a:clrScheme')}")
    for name, colour in colours.items():
        entry = scheme.find(qn(f"a:{name}"))
        entry[:] = [entry.makeelement(qn("a:srgbClr"), val=colour[1:])]
    part._blob = etree.tostring(theme, xml_declaration=True, encoding="UTF-8", standalone=True)
    if look.paper == dark:
        master.element.find(qn("p:clrMap")).attrib.update(_SWAPPED)

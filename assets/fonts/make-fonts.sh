#!/bin/sh
# Rebuilds the fonts of this folder from Debian packages, byte for byte.
#
# Needs apt-get and dpkg-deb for the packages and Python's fonttools 4.68.0
# (`pip install fonttools==4.68.0`) for the subsets. Usage:
#
#     make-fonts.sh <empty working folder> <destination folder>
set -eu
work=$1
destination=$2
export SOURCE_DATE_EPOCH=0

cd "$work"
apt-get download \
    fonts-dejavu-core=2.37-6 \
    fonts-droid-fallback=1:6.0.1r16-1.1 \
    fonts-noto-core=20201225-1 \
    fonts-noto-cjk=1:20220127+repack1-1 \
    fonts-symbola=2.60-1.1
for package in *.deb; do
    dpkg-deb -x "$package" packages
done
fonts=$work/packages/usr/share/fonts

# Whole files.
cp "$fonts/truetype/dejavu/DejaVuSans.ttf" "$destination"
for name in Sans SansArabic SansBengali SansDevanagari SansEthiopic SansGujarati \
    SansGurmukhi SansHebrew SansKannada SansKhmer SansLao SansMalayalam SansMyanmar \
    SansOriya SansSinhala SansTamil SansTelugu SansThai SerifTibetan; do
    cp "$fonts/truetype/noto/Noto$name-Regular.ttf" "$destination"
done

# Subsets. Each gets a name of its own, so that no reserved font name is used
# and nobody mistakes it for the whole font.
python3 - "$fonts" "$destination" <<'PYTHON'
import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

fonts, destination = Path(sys.argv[1]), Path(sys.argv[2])


def shrink(source, number, code_points, family, weight, target):
    font = TTFont(source, fontNumber=number, recalcTimestamp=False)
    options = subset.Options()
    options.layout_features += ["ljmo", "vjmo", "tjmo"]
    options.name_IDs = [0, 1, 2, 3, 4, 6, 13, 14]
    options.notdef_outline = True
    options.glyph_names = False
    options.hinting = False
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=code_points)
    subsetter.subset(font)
    names = {1: family, 2: weight, 3: f"{family} {weight}", 4: f"{family} {weight}"}
    names[6] = f"{family} {weight}".replace(" ", "")
    for record in list(font["name"].names):
        if record.nameID in names:
            font["name"].setName(
                names[record.nameID], record.nameID,
                record.platformID, record.platEncID, record.langID,
            )
    if "CFF " in font:
        cff = font["CFF "].cff
        cff.fontNames = [names[6]]
        top = cff.topDictIndex[0]
        top.FamilyName, top.FullName = family, names[4]
    font.save(destination / target)


covered = set()
for path in destination.glob("*.ttf"):
    covered |= set(TTFont(path, lazy=True).getBestCmap())

# Titles: Latin, Greek and Cyrillic with the punctuation that goes with them.
shrink(
    fonts / "truetype/noto/NotoSans-Bold.ttf", 0,
    [*range(0x20, 0x250), *range(0x370, 0x530), *range(0x1E00, 0x1F00), *range(0x2010, 0x2040),
     0x20AC, 0x2122, 0x2190, 0x2192, 0x2212, 0x2026],
    "Attnviz Title", "Bold", "AttnvizTitle-Bold.ttf",
)

# Han and kana, without the rare ideographs of Extension A and without hints.
droid = fonts / "truetype/droid/DroidSansFallbackFull.ttf"
han = set(TTFont(droid, lazy=True).getBestCmap()) - {*range(0x3400, 0x4DC0)}
shrink(droid, 0, sorted(han), "Attnviz Han", "Regular", "AttnvizHan-Regular.ttf")
covered |= han

# Hangul syllables and conjoining jamo, and what no other font here has:
# radicals, brackets and a few ideographs.
shrink(
    fonts / "opentype/noto/NotoSansCJK-Regular.ttc", 1,
    [*range(0xAC00, 0xD7A4), *range(0x1100, 0x1113), *range(0x1161, 0x1176),
     *range(0x11A8, 0x11C3), *range(0x3131, 0x318F),
     *({*range(0x2E80, 0x2FE0), *range(0x3000, 0x3040), *range(0x9FA6, 0x9FF0)} - covered)],
    "Attnviz Hangul", "Regular", "AttnvizHangul-Regular.otf",
)

# Symbols, mathematical letters and emoji in outline, where nothing else has them.
wanted = {
    code_point
    for block in [(0x2000, 0x2C00), (0x3200, 0x3400), (0x1D400, 0x1D800), (0x1F100, 0x1F650),
                  (0x1F680, 0x1F700), (0x1F900, 0x1FA00)]
    for code_point in range(*block)
} | {0xFE0E, 0xFE0F}
shrink(
    fonts / "truetype/ancient-scripts/Symbola_hint.ttf", 0,
    sorted(wanted - covered),
    "Attnviz Symbols", "Regular", "AttnvizSymbols-Regular.ttf",
)
PYTHON

cd "$destination"
sha256sum *.ttf *.otf > SHA256SUMS

"""Texts as Word, Windows, DOS and old Macs write them: what is read, what is told, what is refused."""

from __future__ import annotations

import io
import zipfile

import pytest

from headlight.models.core.errors import HeadlightError
from headlight.viewer.inputs.inputs import TextInput, from_bytes

GERMAN = "Größe, Übermut und Ärger: die schöne Müllerin läuft über die Straße."
FRENCH = "C’est un très bel été à la forêt, où le cœur coûte 5 €."
SPANISH = "¿Dónde está el niño? El pingüino cayó aquí mañana."
POLISH = "Zażółć gęślą jaźń, pchnąć w tę łódź jeża lub ośm skrzyń fig."
CZECH = "Příliš žluťoučký kůň úpěl ďábelské ódy"
HUNGARIAN = "Árvíztűrő tükörfúrógép és egy egyszerű magyar szöveg."
GREEK = "Το γρήγορο καφέ αλεπού πηδάει πάνω από το τεμπέλικο σκυλί."
RUSSIAN = "Привет, мир! Это простой текст на русском языке."
UKRAINIAN = "Привіт, світе! Це простий текст українською мовою."
BULGARIAN = "Здравей, свят! Това е прост текст на български език."
ARABIC = "مرحبا بالعالم، هذا نص بسيط باللغة العربية للاختبار."
THAI = "นี่คือข้อความภาษาไทยธรรมดาสำหรับการทดสอบ"
JAPANESE = "吾輩は猫である。名前はまだ無い。どこで生れたか頓と見当がつかぬ。"
CIRCLED = "吾輩は猫である。名前はまだ無い。どこで生れたか①頓と見当がつかぬ。"
SIMPLIFIED = "这是一个简单的中文测试文件，我们来看看它是否能够正确读取。"
TRADITIONAL = "這是一個簡單的中文測試文件，我們來看看它是否能夠正確讀取。"
KOREAN = "나는 유리를 먹을 수 있어요. 그래도 아프지 않아요."

GUESSED = [
    ("cp1252", GERMAN),
    ("cp1252", FRENCH),
    ("cp1252", SPANISH),
    ("cp1250", POLISH),
    ("cp1250", CZECH),
    ("cp1250", HUNGARIAN),
    ("cp1253", GREEK),
    ("cp1251", RUSSIAN),
    ("cp1251", UKRAINIAN),
    ("cp1251", BULGARIAN),
    ("koi8_r", RUSSIAN),
    ("koi8_u", UKRAINIAN),
    ("cp866", RUSSIAN),
    ("cp850", GERMAN),
    ("mac_roman", GERMAN),
    ("cp1256", ARABIC),
    ("cp874", THAI),
    ("euc_jp", JAPANESE),
    ("shift_jis", JAPANESE),
    ("cp932", CIRCLED),
    ("gb18030", SIMPLIFIED),
    ("big5", TRADITIONAL),
    ("euc_kr", KOREAN),
]


@pytest.mark.parametrize(("codec", "text"), GUESSED)
def test_the_encoding_is_guessed_told_and_known(codec, text):
    read = from_bytes(text.encode(codec), "a.txt")
    assert (read.text, read.encoding) == (text, codec)
    assert read.notices[0].startswith("a.txt is not UTF-8: it is read as ")
    assert read.notices[0].endswith("If it reads wrong, choose another encoding.")


def zipped(name: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, "<xml/>")
    return buffer.getvalue()


WORDS = "“Quotes” – and Grüße…\nSecond line\n"
READ = {
    # name: (bytes, text, notices)
    "Notepad, UTF-8": (WORDS.replace("\n", "\r\n").encode("utf-8-sig"), WORDS, 0),
    "Notepad, Unicode": (WORDS.replace("\n", "\r\n").encode("utf-16"), WORDS, 0),
    "Notepad, Unicode big-endian": (b"\xfe\xff" + WORDS.encode("utf-16-be"), WORDS, 0),
    "Notepad, ANSI": (WORDS.replace("\n", "\r\n").encode("cp1252"), WORDS, 1),
    "PowerShell, without a mark": (WORDS.encode("utf-16-le"), WORDS, 1),
    "UTF-32": (WORDS.encode("utf-32"), WORDS, 0),
    "an old Mac's lines": (WORDS.replace("\n", "\r").encode(), WORDS, 0),
    "lines of both kinds": (b"one\r\ntwo\nthree\r", "one\ntwo\nthree\n", 0),
    "pages": (b"one\ftwo", "one\ftwo", 0),
    "Word's soft hyphens and fixed spaces": ("a\xadb\xa0c".encode(), "a\xadb\xa0c", 0),
    "a mark in the middle": ("one\ufefftwo".encode(), "one\ufefftwo", 0),
    "DOS's end of a file": (b"one two three\x1a", "one two three\x1a", 1),
    "emoji of several parts": ("👩‍👩‍👧 👍🏽".encode(), "👩‍👩‍👧 👍🏽", 0),
    "accents apart": ("e\u0301te\u0301".encode(), "e\u0301te\u0301", 0),
    "ISO-2022-JP": (JAPANESE.encode("iso2022_jp"), JAPANESE, 1),
    "one bad byte": ("Grüße aus Köln ".encode() * 9 + b"\xff", "Grüße aus Köln " * 9 + "\ufffd", 1),
    "HTML": ("<html><p>Grüße</p></html>".encode(), "<html><p>Grüße</p></html>", 0),
    "prose that begins as a cloud": (b"ply\nis a kind of thickness of wood.\n", None, 0),
    "prose that counts": (b"1 2 3\n4 5 6\n7 8 9\nonce I caught a fish alive\n", None, 0),
    "prose that begins as a picture": (b"BMW is a car. P6 is none, and GIF89a a format.", None, 0),
}
REFUSED = {
    "Word": (zipped("word/document.xml"), "a zip archive or an office document"),
    "LibreOffice": (zipped("content.xml"), "a zip archive or an office document"),
    "old Word": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "an old office document"),
    "WordPad": (rb"{\rtf1\ansi Gr\'fc\'dfe}", "an RTF document"),
    "a mark alone": (b"\xff\xfe", "is empty"),
    "spaces alone": (b" \r\n\t ", "only spaces"),
    "a UTF-16 that breaks off": ("Grüße".encode("utf-16")[:-1], "is not UTF-16"),
    "zeros": (bytes(400), "neither an image nor a text"),
}


DECLARED = (
    ("windows-1255", '<html><meta charset="windows-1255">שלום</html>', "cp1255"),
    ("iso-8859-2", '<?xml version="1.0" encoding="ISO-8859-2"?><a>źdźbło</a>', "iso8859-2"),
    ("iso-8859-9", "# -*- coding: iso-8859-9 -*-\nprint('ğış')", "cp1254"),
    ("iso-8859-13", "charset=ISO-8859-13\nąčęėįšųūž", "cp1257"),
)
"""Too short to guess: what each says it is in."""


@pytest.mark.parametrize(("codec", "text", "read_as"), DECLARED)
def test_what_says_its_encoding_is_read_in_it(codec, text, read_as):
    read = from_bytes(text.encode(codec), "a.html")
    assert (read.text, read.encoding) == (text, read_as)
    assert read.notices[0].endswith(", which it says it is in.")


def test_an_encoding_that_is_said_and_does_not_fit_is_none():
    torn = b"charset=shift_jis " + GERMAN.encode("cp1252")
    assert from_bytes(torn, "a.txt").encoding == from_bytes(b"charset=klingon " + torn, "a.txt").encoding


@pytest.mark.parametrize("name", READ)
def test_texts_of_other_programs_are_read(name):
    data, text, told = READ[name]
    read = from_bytes(data, "a.txt")
    assert isinstance(read, TextInput)
    assert read.text == (data.decode() if text is None else text)
    assert len(read.notices) == told


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_no_text_says_what_it_is(name):
    data, said = REFUSED[name]
    with pytest.raises(HeadlightError, match=said):
        from_bytes(data, "a.txt")

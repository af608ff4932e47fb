"""The words of the page of methods."""

from __future__ import annotations

from headlight.viewer.app.explanations.entry import ROLLOUT, of

METHODS = (
    of(
        *("Methods side by side", "Page: Methods"),
        says="What each of the chosen methods says that one target rests on, all on one scale. Point at a "
        "part of any map, and all of them answer; the last map shows where they disagree.",
        paper=ROLLOUT,
    ),
    of(
        "methods-settings/Methods",
        says="Which methods stand side by side. Those with a tick from the start take one pass or a few; "
        "others take many. A rest over a name says what it is and its paper.",
    ),
    of(
        "Scale of methods",
        says="Rank: where a part stands in its method’s own order, 0 to 1, since methods share no unit. "
        "Share: its part of the sizes of all values of its method, which shows how much lies on few.",
    ),
    of("Said at", says="Where the target is said: as usual, or at the selected place."),
    of(
        *("numbers/Method", "numbers/Value", "Disagreement"),
        says="What a method says of the part under the cursor, its place among all parts, and the standard "
        "deviation over methods of that place, as ranks of 0 to 1: 0.5 where one half puts it first.",
    ),
    of(
        *("Two methods", "numbers/First", "numbers/Second", "Spearman’s ρ", "numbers/Tokens"),
        says="How alike two methods order all parts of the input that have a place: 1 the same order, 0 "
        "none in common, −1 the reverse.",
        paper="Spearman 1904, “The Proof and Measurement of Association between Two Things”",
    ),
    of(
        *("Faithfulness", "Over a folder of pictures…", "Over a file of lines…"),
        says="Hide what a method calls relevant, the most relevant first, and the score of the target should "
        "fall faster than in any random order; show it first, and it should rise faster.",
        paper="Petsiuk et al. 2018, “RISE”, section 4.1; Samek et al. 2017, section III",
    ),
)

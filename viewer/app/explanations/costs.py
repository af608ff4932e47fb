"""Words about what layers cost."""

from __future__ import annotations

from headlight.viewer.app.explanations.entry import ATTENTION, of

COSTS = (
    of(
        "Self-attention",
        says="Every token looks at every other: n²·d operations, and one step from any token to any other.",
        paper=f"{ATTENTION}, section 4",
    ),
    of(
        *("Restricted attention", "Neighbourhood r"),
        says="Self-attention that sees only the r tokens around each: r·n·d operations, n/r steps between "
        "the ends. In closed form alone.",
        paper=f"{ATTENTION}, section 4",
    ),
    of(
        "LSTM",
        says="The recurrent layer of table 1: one token after the other. It has eight products of d × d "
        "where the formula counts one.",
        paper="Hochreiter & Schmidhuber 1997, “Long Short-Term Memory”",
    ),
    of(
        *("Convolution", "Kernel k"),
        says="Each token takes in the k around it: k·n·d² operations; n/k layers to reach all, logₖ n if "
        "they are dilated.",
        paper=f"{ATTENTION}, section 4",
    ),
    of(
        *("Time", "Operations a layer", "Operations", "/Operations, n = .*/"),
        says="Multiplications and additions of one layer as n grows, or seconds once they are measured.",
        paper=f"{ATTENTION}, table 1",
    ),
    of(
        *("Memory", "Tensors"),
        says="What one layer holds at once, parameters not counted: measured, or its tensors alone, counted.",
    ),
    of(
        *("One after the other", "/One after the other, .*/"),
        says="Steps that must wait for each other, however many processors there are.",
        paper=f"{ATTENTION}, table 1",
    ),
    of(
        *("Longest path", "/Longest path, .*/"),
        says="The most layers that a signal takes between two tokens: long ones are hard to learn.",
        paper=f"{ATTENTION}, table 1",
    ),
    of(
        *("cost-settings/Layer", "Width d", "cost-settings/Heads"),
        says="The layer that is counted and measured: d numbers a token, shared among the heads.",
        paper=f"{ATTENTION}, section 3.2.2",
    ),
    of(
        "Projections of q, k, v and output",
        says="Attention with the four d × d products around it, as in a transformer.",
        paper=f"{ATTENTION}, section 3.2.2",
    ),
    of(*("Tokens n", "Tokens"), says="The lengths of the sequence that are plotted and measured."),
    of(
        *("Closed forms count", "Operations counted", "Table", "Every term"),
        says="Table: the leading terms of table 1. Every term: all multiplications of the layers that are "
        "measured.",
        paper=f"{ATTENTION}, table 1",
    ),
    of(
        *("Measure", "Device", "Time limit"),
        says="Runs the layers on this device at growing lengths, until the limit; the median of several "
        "runs.",
    ),
    of(
        "Attention costs more from n =",
        says="The length from which self-attention costs more than the other layer, where the closed forms"
        " cross.",
    ),
    of(
        *("LSTM, fused", "Convolution, fused"),
        says="Measured: attention in one fused operation that never holds the n × n weights.",
        paper="Dao et al. 2022, “FlashAttention”",
    ),
    of(
        *("with weights", "LSTM, with weights", "Convolution, with weights"),
        says="Measured: attention that makes its n × n weights, as is needed to show them.",
    ),
)

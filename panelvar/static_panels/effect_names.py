"""What other programs call the dimensions of effects."""

EFFECTS_ELSEWHERE = {
    **dict.fromkeys(("individual", "id", "group", "cross-section", "cross", "firm", "entityeffects"), "entity"),
    **dict.fromkeys(("period", "periods", "year", "timeeffects"), "time"),
    **dict.fromkeys(("twoways", "two-way", "two_way", "two-ways", "both", "entity+time", "entity + time"), "twoway"),
}
"""For the hint of a message: none of them is accepted."""

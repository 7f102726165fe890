"""Defect models that are shipped: the network's weights beside a card that says what they are."""

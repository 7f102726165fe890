"""How the defect model is made: procedural pairs of golden and unit, the network, its training and its export."""

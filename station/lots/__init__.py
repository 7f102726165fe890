"""Lots: how many units are inspected, what a lot's counts decide, and what lies behind its nonconforming units.

Pure mathematics; records, commands and pages reach it through the service. To read it in order:

- plans: ``plans``, ``iso_single`` (the tables), ``oc``, ``performance`` (their curves), ``limiting_quality``,
  ``tolerance``, ``variables``, ``requests`` (plans as they are asked for), ``orders`` (the gates of an order)
- severity: ``switching`` (one class), ``scheme`` (its chain), ``streams`` (a history replayed)
- a lot: ``draw`` (which units), ``tally`` (where a class stands), ``decide`` (the decision)
- where defects lie: ``factors``, ``permutation``, ``contingency``, ``multiplicity``, ``strata``, ``smallest_effect``,
  ``overdispersion``, ``beta_binomial``, ``extents``, ``clusters``; on the part itself ``defect_map``
- what they come from: ``characteristics``, ``groups``, ``against_master``, ``batches``, ``trends``, ``mixtures``,
  ``outliers``, ``evidence``, then ``measurement_causes``, ``drift``, ``substitution``, ``screening``, ``causes``
- the course of a process: ``charts``, ``capability_indices``
"""

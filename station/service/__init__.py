"""The use cases, each spelled out once: calibrate, seal, inspect, review, decide, check.

``station``    the class the commands and pages call
``bench``      rigs, their calibrations and what they say of the light
``camera``     the camera over a bench
``sealing``    a photo and a control sheet become a sealed master
``signing_off`` artefacts, sign-off by both parties, acknowledgements, who holds what
``golden_record`` the record of a golden sample: photos, copies, open items, changes, holds, checklist, linter;
               ``record_standing`` the facts that it rests on
``golden_showing`` a master in outlines, limits beside what can be proven, a draft before the seal
``packages``   sealed packages: exported, verified, countersigned
``ledger_view`` the ledger and the keys, to be read
``inspecting`` a batch of photos: known ones answered, the rest measured, one writer
``comparing``  parts side by side in one photo
``two_lights`` the same parts under two lights: metamerism
``matching``   matched sets, pair by pair
``measuring``  one photo, in this process or in a worker
``reviewing``  what a reviewer's word must be
``finding_reviews`` what reviewers say of single findings
``recalibrating`` score thresholds from those reviews: proposed, set, taken back
``tolerance``  the colour tolerance that accepted units teach
``lots``       a lot's units as its decision counts them
``lot_analysis`` the map of a lot's defects, clusters, cause; ``lot_words`` the same in sentences
``lot_facts``  what a nonconformity rests on, gathered from a decided lot
``nonconformities`` complaints: drafted, completed, sent, disposed of, closed; ``nonconformity_reporting`` the same in
               words and as PDF
``corrective`` corrective actions; ``corrective_package`` the package for the next order
``processes``  control charts and capability; ``lot_trends`` drift from lot to lot
``accounts``   who may use the station: accounts, sessions, PINs; ``attempts`` bounds guessing
``repeating``  a request sent twice is done once
``watching``   what is recorded, one thing after another, while somebody watches
``steps``      how far a use case is that takes a while
``units_file`` names and identifiers of the units
``showing``    from rows to views
``bench_views``, ``views`` what the use cases answer beside the contract's documents
"""

from station.service.station import Station

__all__ = ["Station"]

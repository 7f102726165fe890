"""The value objects of the line: frozen, with units in their names, a schema version and a digest.

``colour``     DeviceRGB, LinearRGB, Lab and the correction between them
``geometry``   Frame, Similarity, and the maps between bench millimetres and photo pixels
``bench``      rig, colour card reference, lens and light calibrations
``line``       Shot, Corrected, Master, Aligned, Measurement, Finding: what travels along the line
``comparison`` side by side, two lights and matched sets, as JSON
``tolerance``  the colour tolerance that accepted units teach, as JSON
``documents``  what leaves the station as JSON: unit, card, lot and plan documents
``difference`` CIEDE2000
``digest``     canonical JSON and SHA-256
``names``      the natural order of names
"""

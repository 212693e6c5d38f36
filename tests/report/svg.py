"""Reads the texts of an SVG."""

import xml.etree.ElementTree as ET


def texts(svg: str) -> list[str]:
    root = ET.fromstring(svg)
    return [
        "".join(node.itertext()).strip()
        for node in root.iter("{http://www.w3.org/2000/svg}text")
    ]

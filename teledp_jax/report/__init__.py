"""Tables, figures, the HTML page and the release card."""

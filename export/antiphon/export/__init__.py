"""The training side of Antiphon: data, model, training and export. Torch lives here and only here."""

"""The training side of Antiphon: data, model, training, export. Torch lives here and only here."""

"""Models side by side on music that none of them saw: judges, tables, a picture."""

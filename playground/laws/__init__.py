"""Laws that a person makes: mixtures as text or fitted to points, and what reads tables and pixels."""

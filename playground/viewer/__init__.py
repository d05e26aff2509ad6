"""A page in one file that needs no server: the page's own stage with the packets of one run or more. ``scripts.py`` the modules, ``thin.py`` what fits, ``document.py`` the page,
``shown.py`` what a notebook shows."""

"""One vertical slice a feature; `cptsapp.FEATURES` orders them from the ground up."""

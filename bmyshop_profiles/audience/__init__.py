"""Who stands in front of the screen: the mix of profiles of a shop and daypart."""

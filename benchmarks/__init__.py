"""What sigexplorer costs, as ratios measured side by side on the machine it runs on."""

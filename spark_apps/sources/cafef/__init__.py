"""CafeF: daily files of prices and of foreign and proprietary flows."""

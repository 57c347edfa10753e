"""The HTML report: the columns that it holds, and the page that draws them."""

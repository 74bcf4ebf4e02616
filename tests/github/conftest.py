from support.github.fixtures import demo, each_gh, gh, github, short_folder, wire

__all__ = ["demo", "each_gh", "gh", "github", "short_folder", "wire"]

import numpy as np

from headlight.models.points.grids.cleaning import CUT, cleaned

WALL, CAR = 0, 1


def scene():
    """A wall 20 m away, and before it a car 5 m away in the columns 4 to 6."""
    image, labels = np.full((5, 12), 20.0), np.full((5, 12), WALL)
    image[:, 4:7], labels[:, 4:7] = 5.0, CAR
    return image, labels


def at(image, labels, far, row, column):
    pixel = cleaned(image, labels, np.array([far]), np.array([row]), np.array([column]))[0]
    return divmod(int(pixel), image.shape[1])


def test_a_hidden_point_takes_the_class_of_what_is_as_far_away():
    image, labels = scene()
    row, column = at(image, labels, 20.1, 2, 5)  # hidden by the car
    assert labels[row, column] == WALL
    assert at(image, labels, 5.0, 2, 5) == (2, 5)


def test_one_pixel_that_differs_is_outvoted_by_its_neighbours():
    image, labels = scene()
    labels[2, 10] = CAR
    row, column = at(image, labels, 20.0, 2, 10)
    assert labels[row, column] == WALL


def test_the_window_goes_round_and_ends_above_and_below():
    image, labels = np.full((3, 8), -1.0), np.full((3, 8), WALL)
    image[0, 0] = 9.0
    image[0, 7], labels[0, 7] = 3.0, CAR
    assert at(image, labels, 3.0, 0, 0) == (0, 7)


def test_what_is_far_from_all_takes_the_nearest_alone():
    image, labels = np.full((1, 7), 20.0), np.full((1, 7), WALL)
    image[0, 3], labels[0, 3] = 12.0, CAR
    far = 12.0 - 2 * CUT
    assert at(image, labels, far, 0, 3) == (0, 3)

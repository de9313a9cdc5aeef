"""Breakout on a grid of characters, one sentence of its rules after the other."""

from tests.reference import random

MIRRORED_LEFT_RIGHT = {
    "up left": "up right",
    "up right": "up left",
    "down left": "down right",
    "down right": "down left",
}
MIRRORED_UP_DOWN = {"up left": "down left", "down left": "up left", "up right": "down right", "down right": "up right"}
AHEAD = {"up left": (-1, -1), "up right": (-1, 1), "down left": (1, -1), "down right": (1, 1)}


class Game:
    def __init__(self, key):
        _, right = random.integer(key, 2)
        self.column, self.row, self.heading = (9, 3, "down left") if right else (0, 3, "down right")
        self.trail = (self.row, self.column)
        self.paddle = 4
        self.just_struck = False
        self.last_action = "none"
        self.bricks = {(row, column) for row in (1, 2, 3) for column in range(10)}

    def step(self, action, sticky, key):
        if random.uniform(key)[1] < sticky:
            action = self.last_action
        self.last_action = action
        if action == "left" and self.paddle > 0:
            self.paddle -= 1
        if action == "right" and self.paddle < 9:
            self.paddle += 1

        down, right = AHEAD[self.heading]
        row, column = self.row + down, self.column + right
        reward, over, strikes = 0.0, False, False
        if column in (-1, 10):
            column = self.column
            self.heading = MIRRORED_LEFT_RIGHT[self.heading]
        if row == -1:
            row = 0
            self.heading = MIRRORED_UP_DOWN[self.heading]
        elif (row, column) in self.bricks:
            strikes = True
            if not self.just_struck:
                self.bricks.remove((row, column))
                reward = 1.0
                row = self.row
                self.heading = MIRRORED_UP_DOWN[self.heading]
        elif row == 9:
            if not self.bricks:
                self.bricks = {(r, c) for r in (1, 2, 3) for c in range(10)}
            if self.paddle == self.column:
                row = self.row
                self.heading = MIRRORED_UP_DOWN[self.heading]
            elif self.paddle == column:
                row = self.row
                self.heading = MIRRORED_UP_DOWN[MIRRORED_LEFT_RIGHT[self.heading]]
            else:
                over = True
        self.just_struck = strikes
        self.trail = (self.row, self.column)
        self.row, self.column = row, column
        return reward, over

    def picture(self):
        channels = [[[0.0] * 10 for _ in range(10)] for _ in range(4)]
        channels[0][9][self.paddle] = 1.0
        channels[1][self.row][self.column] = 1.0
        channels[2][self.trail[0]][self.trail[1]] = 1.0
        for row, column in self.bricks:
            channels[3][row][column] = 1.0
        return channels

"""What gestures ask of pictures."""
